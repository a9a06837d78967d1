/*M!999999\- enable the sandbox mode */ 
-- A dump of an sms-gate.app server's database, written by hand: what dump programs write, all in one.
--
-- Host: localhost    Database: sms
-- ------------------------------------------------------

/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;

DROP TABLE IF EXISTS `device_settings`;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `device_settings` (
  `user_id` varchar(32) NOT NULL,
  `settings` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`settings`)),
  `created_at` datetime(3) NOT NULL DEFAULT current_timestamp(3),
  `updated_at` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  PRIMARY KEY (`user_id`),
  CONSTRAINT `fk_device_settings_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

LOCK TABLES `device_settings` WRITE;
/*!40000 ALTER TABLE `device_settings` DISABLE KEYS */;
INSERT INTO `device_settings` VALUES
('VQ4GII','{\"messages\":{\"limit_value\":5,\"limit_period\":\"PerHour\"},\"ping\":{\"interval_seconds\":60}}','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120'),
('GONE42','{\"messages\":{}}','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120');
/*!40000 ALTER TABLE `device_settings` ENABLE KEYS */;
UNLOCK TABLES;

DROP TABLE IF EXISTS `devices`;
CREATE TABLE `devices` (
  `id` char(21) NOT NULL,
  `name` varchar(128) DEFAULT NULL,
  `auth_token` char(21) NOT NULL,
  `push_token` varchar(256) DEFAULT NULL,
  `user_id` varchar(32) NOT NULL,
  `created_at` datetime(3) NOT NULL DEFAULT current_timestamp(3),
  `updated_at` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  `deleted_at` datetime(3) DEFAULT NULL,
  `last_seen` datetime(3) NOT NULL DEFAULT current_timestamp(3),
  `sim_cards` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '[]' CHECK (json_valid(`sim_cards`)),
  PRIMARY KEY (`id`),
  UNIQUE KEY `idx_devices_auth_token` (`auth_token`),
  KEY `idx_devices_last_seen` (`last_seen`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `devices` VALUES ('PyDmBQZZXYmyxMwED8Fzy','samsung/a12nsxx','bP0ZdK6rC6hCYZSjzmqhQ','fcm:\'x\'','VQ4GII','2026-01-02 03:04:05.120','2026-01-03 03:04:05.120',NULL,'2026-01-04 05:06:07.000','[{\"slotIndex\":0,\"simNumber\":1,\"carrierName\":\"****\"}]'),('deletedDevice_0000-01','x','token_of_deleted_0001',NULL,'VQ4GII','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120','2026-01-05 00:00:00.000','2026-01-02 03:04:05.120','[]'),('Q1w2E3r4T5y6U7i8O9p0a','Xperia \"III\" \\ Ⅲ','kY7d-s_3nB5vC1xZ9aQwE',NULL,'VQ4GII','2026-01-02 03:04:05','2026-01-02 03:04:05',NULL,'2026-01-02 03:04:05','[]'),('deviceOfDeletedUser01','x','token_of_deleted_0002',NULL,'GONE42','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120',NULL,'2026-01-02 03:04:05.120','[]');

DROP TABLE IF EXISTS `messages`;
CREATE TABLE `messages` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `content` text NOT NULL,
  `weight` double DEFAULT NULL,
  PRIMARY KEY (`id`)
);
INSERT INTO `messages` VALUES (1,'a\';\'); INSERT INTO `users` VALUES (\'x\');',-0.5e-3),(2,'it''s \\',NULL),(3,0x616263,1);

DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `messages` FOR EACH ROW BEGIN
  INSERT INTO `users` VALUES ('from a trigger','x','x','x',NULL);
END */;;
DELIMITER ;

DROP TABLE IF EXISTS `users`;
CREATE TABLE `users` (
  `id` varchar(32) NOT NULL,
  `password_hash` varchar(72) NOT NULL,
  `created_at` datetime(3) NOT NULL DEFAULT current_timestamp(3),
  `updated_at` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  `deleted_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
REPLACE INTO `users` (`id`, `created_at`, `updated_at`, `password_hash`, `deleted_at`) VALUES ('VQ4GII','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120','$2a$10$abcdefghijklmnopqrstuuzSt.YhMxzWoKF/6ZmLpTAN81Iu1lc06',NULL);
INSERT INTO `users` VALUES
(_binary 'O\'Brien','$2b$04$zyxwvutsrqponmlkjihgfeoDsddIBwb3JMfdyQ6hOfMnFjKxqKf3q','2026-02-02 03:04:05.120','2026-02-02 03:04:05.120',NULL),
('GONE42','gone','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120','2026-01-05 00:00:00.000');

CREATE TABLE `webhooks` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `ext_id` varchar(36) NOT NULL,
  `user_id` varchar(32) NOT NULL,
  `url` varchar(256) NOT NULL,
  `event` varchar(32) NOT NULL,
  `created_at` datetime(3) NOT NULL DEFAULT current_timestamp(3),
  `updated_at` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  `deleted_at` datetime(3) DEFAULT NULL,
  `device_id` char(21) DEFAULT NULL,
  PRIMARY KEY (`id`)
);
INSERT INTO `webhooks` VALUES (1,'LreFUt-Z3sSq0JufY9uWB','VQ4GII','https://app.example/hook','sms:received','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120',NULL,NULL),(2,'for-one-phone','VQ4GII','https://app.example/hook?x=\'1\'','sms:delivered','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120',NULL,'PyDmBQZZXYmyxMwED8Fzy'),(3,'deleted','VQ4GII','https://app.example/hook','sms:sent','2026-01-02 03:04:05.120','2026-01-02 03:04:05.120','2026-01-05 00:00:00.000',NULL);

-- Dump completed on 2026-02-03  4:05:06
